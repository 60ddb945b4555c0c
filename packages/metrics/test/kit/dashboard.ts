/** Dashboard: the panels as Grafana's JSON, three beside each other. */
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { type PanelSpec, ROWS } from './panels.js';

const DATASOURCE = { type: 'prometheus', uid: '$datasource' };
/** Of Grafana 10: later ones read it as well. */
const SCHEMA_VERSION = 39;
const WIDTH = 8;
const HEIGHT = 8;

export function buildDashboard(): dashboard.Dashboard {
  const made = new dashboard.DashboardBuilder('Headwater')
    .uid('headwater')
    .description('Streams of Server-Sent Events: metrics of @headwater/metrics')
    .tags(['headwater', 'sse'])
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .timezone('browser')
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .withVariable(new dashboard.DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))
    .withVariable(labelVariable('job', 'label_values(sse_connections, job)'))
    .withVariable(labelVariable('instance', 'label_values(sse_connections{job=~"$job"}, instance)'));
  let id = 0;
  for (const [title, panels] of Object.entries(ROWS)) {
    made.withRow(new dashboard.RowBuilder(title).id(++id));
    for (const panel of panels) made.withPanel(toPanel(panel, ++id));
  }
  return { ...made.build(), schemaVersion: SCHEMA_VERSION };
}

function labelVariable(name: string, query: string): dashboard.QueryVariableBuilder {
  return new dashboard.QueryVariableBuilder(name)
    .label(name)
    .datasource(DATASOURCE)
    .query(query)
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboard.VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ text: 'All', value: '$__all' });
}

function toPanel({ title, unit, about, queries, max }: PanelSpec, id: number): PanelBuilder {
  const panel = new PanelBuilder()
    .id(id)
    .title(title)
    .description(about)
    .datasource(DATASOURCE)
    .unit(unit)
    .min(0)
    .span(WIDTH)
    .height(HEIGHT)
    .fillOpacity(10)
    .showPoints(common.VisibilityMode.Never)
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom),
    )
    .tooltip(new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi))
    .targets(queries.map(toTarget));
  return max === undefined ? panel : panel.max(max);
}

function toTarget({ legend, expr }: PanelSpec['queries'][number], index: number): Builder<Dataquery> {
  const refId = String.fromCharCode('A'.charCodeAt(0) + index);
  return new DataqueryBuilder().datasource(DATASOURCE).expr(expr).legendFormat(legend).range().refId(refId);
}

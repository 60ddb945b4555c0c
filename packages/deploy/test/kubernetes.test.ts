/** The manifests are what Kubernetes takes, and their numbers agree with each other and with the server. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { pathOf, read } from './kit/files.js';
import { type Manifest, problemsOf } from './kit/manifests.js';
import { settingsOf, shutdownSeconds } from './kit/settings.js';

const VALUES = 'prometheus-adapter.yaml';
const files = readdirSync(pathOf('kubernetes')).filter((file) => file !== VALUES);
const load = (file: string) => parse(read(`kubernetes/${file}`));

const deployment = load('deployment.yaml');
const { spec: pod, metadata } = deployment.spec.template;
const [container] = pod.containers;
const autoscaler = load('horizontal-pod-autoscaler.yaml');

describe('the schemas of Kubernetes', () => {
  it('have nothing against the manifests, and find each planted mistake', async () => {
    const change = (file: string, edit: (manifest: ReturnType<typeof load>) => void): Manifest => {
      const manifest = load(file);
      edit(manifest);
      return manifest;
    };
    const broken = [
      change('deployment.yaml', ({ spec }) => {
        spec.template.spec.terminationGracePeriod = 30;
      }),
      change('deployment.yaml', ({ spec }) => {
        spec.template.spec.containers[0].lifecycle.prestop = { sleep: { seconds: 5 } };
      }),
      change('deployment.yaml', ({ spec }) => {
        spec.template.spec.containers[0].readinessProbe.httpGet.port = { name: 'http' };
      }),
      change('deployment.yaml', ({ spec }) => {
        delete spec.selector;
      }),
      change('service.yaml', ({ spec }) => {
        spec.ports[0].port = 'http';
      }),
      change('pod-disruption-budget.yaml', ({ spec }) => {
        spec.unhealthyPodEvictionPolicy = 'Sometimes';
      }),
      change('horizontal-pod-autoscaler.yaml', ({ spec }) => {
        spec.metrics[0].pods.target.averageValues = '5000';
      }),
    ];
    const problems = await problemsOf([...files.map(load), ...broken]);
    const sound = Object.fromEntries(files.map((file, index) => [file, problems[index]]));
    expect(sound).toEqual(Object.fromEntries(files.map((file) => [file, []])));
    const found = problems.slice(files.length).map((lines) => lines.join('\n'));
    const names = [
      'terminationGracePeriod',
      'prestop',
      'port',
      'selector',
      'port',
      'unhealthyPodEviction',
      'averageValues',
    ];
    expect(found).toEqual(names.map((name) => expect.stringContaining(name)));
  });
});

describe('the deployment', () => {
  const env = new Map<string, string>(
    container.env.map(({ name, value }: { name: string; value: string }) => [name, value]),
  );

  it('gives a pod more time to end than the server takes', () => {
    const preStop = container.lifecycle.preStop.sleep.seconds;
    const drain = shutdownSeconds(Object.fromEntries(env));
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(preStop + drain);
  });

  it('waits for the endpoints once: in preStop, and not again in the server', () => {
    const { periodSeconds, failureThreshold } = container.readinessProbe;
    expect(container.lifecycle.preStop.sleep.seconds).toBeGreaterThanOrEqual(periodSeconds * failureThreshold);
    expect(env.get('DELAY_MS')).toBe('0');
  });

  it('sets what the server reads, and probes what it answers', () => {
    const { variables, routes } = settingsOf('server.ts');
    expect(variables).toEqual(expect.arrayContaining([...env.keys()]));
    const asked = ['startupProbe', 'readinessProbe', 'livenessProbe'].map((name) => container[name].httpGet.path);
    expect(asked).toEqual(['/live', '/ready', '/live']);
    expect(routes).toEqual(expect.arrayContaining([...asked, metadata.annotations['prometheus.io/path']]));
    expect(container.ports).toEqual([{ name: 'http', containerPort: 3000 }]);
    expect(container.resources.limits).toHaveProperty('memory');
  });

  it('is what the service, the budget and the autoscaler speak of', () => {
    const labels = metadata.labels;
    expect(deployment.spec.selector.matchLabels).toEqual(labels);
    expect(load('service.yaml').spec.selector).toEqual(labels);
    expect(load('pod-disruption-budget.yaml').spec.selector.matchLabels).toEqual(labels);
    const { apiVersion, kind } = deployment;
    expect(autoscaler.spec.scaleTargetRef).toEqual({ apiVersion, kind, name: deployment.metadata.name });
    const [path] = load('ingress.yaml').spec.rules[0].http.paths;
    expect(path).toMatchObject({ path: '/events', backend: { service: { name: load('service.yaml').metadata.name } } });
  });
});

describe('the autoscaler', () => {
  it('looks at the gauge that the adapter takes from Prometheus', () => {
    const [rule] = parse(read(`kubernetes/${VALUES}`)).rules.custom;
    const { metric, target } = autoscaler.spec.metrics[0].pods;
    expect(rule.name.as).toBe(metric.name);
    expect(rule.seriesQuery).toMatch(new RegExp(`^${metric.name}\\{`));
    expect(new RegExp(rule.name.matches).test(metric.name)).toBe(true);
    expect(Number(target.averageValue)).toBeLessThanOrEqual(settingsOf('server.ts').maxConnections / 2);
  });

  it('never leaves fewer pods than the budget lets go', () => {
    const { maxUnavailable } = load('pod-disruption-budget.yaml').spec;
    expect(autoscaler.spec.minReplicas).toBeGreaterThan(maxUnavailable);
  });
});

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHub, type Hub } from '@headwater/core';
import { connect } from '@headwater/core/node';
import { fakeClock, fakeTransport } from '@headwater/testing';
import { Gauge, Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { collectMetrics, metricsHandler } from '../src/index.js';

function counted(options: Parameters<typeof createHub>[0] = {}) {
  const register = new Registry();
  const clock = fakeClock({ now: 1_000_000 });
  const hub: Hub = createHub({ clock, random: () => 0.5, ...options });
  const stop = collectMetrics(hub, { register });
  const settle = async () => {
    for (let idle = 0; idle < 3; ) {
      await new Promise((resolve) => setImmediate(resolve));
      idle = clock.runTurns() > 0 ? 0 : idle + 1;
    }
  };
  const open = async (request: Parameters<typeof fakeTransport>[0] = {}) => {
    const transport = fakeTransport(request);
    const connection = connect(hub, transport, {});
    connection.subscribe('news');
    await settle();
    return { connection, transport };
  };
  /** The value of a line of the exposition, undefined without one. */
  const value = async (series: string) => {
    const line = (await register.metrics()).split('\n').find((text) => text.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length + 1));
  };
  return { register, clock, hub, stop, settle, open, value };
}

describe('collectMetrics', () => {
  test('counts streams, messages, bytes and why streams ended', async () => {
    const { hub, open, settle, value } = counted();
    const clients = [await open(), await open(), await open()];
    await hub.publish('news', 'x'.repeat(100));
    await hub.publish('news', 'x', { key: 'k' });
    await hub.publish('news', 'x', { key: 'k' });
    await settle();
    expect(await value('sse_connections')).toBe(3);
    expect(await value('sse_connections_live')).toBe(3);
    expect(await value('sse_channels')).toBe(1);
    expect(await value('sse_published_total')).toBe(2);
    expect(await value('sse_published_duplicates_total')).toBe(1);
    expect(await value('sse_delivered_total')).toBe(6);
    expect(await value('sse_delivered_bytes_total')).toBeGreaterThan(300);
    expect(await value('sse_published_bytes_total')).toBeGreaterThan(100);
    clients[0]?.transport.cut();
    clients[1]?.connection.close();
    expect(await value('sse_connections')).toBe(1);
    expect(await value('sse_connections_closed_total{reason="client"}')).toBe(1);
    expect(await value('sse_connections_closed_total{reason="server"}')).toBe(1);
    expect(await value('sse_connection_duration_seconds_count')).toBe(2);
    expect(await value('sse_ready')).toBe(1);
  });

  test('counts resumes, resets, replays and the way back to live', async () => {
    const { hub, open, value } = counted();
    const { id } = await hub.publish('news', '1');
    for (const data of ['2', '3']) await hub.publish('news', data);
    await open({ lastEventId: id });
    await open({ lastEventId: 'old.1' });
    await open();
    expect(await value('sse_resumes_total{resume="resumed"}')).toBe(1);
    expect(await value('sse_resumes_total{resume="reset"}')).toBe(1);
    expect(await value('sse_resumes_total{resume="fresh"}')).toBe(1);
    expect(await value('sse_resets_total{reason="epoch"}')).toBe(1);
    expect(await value('sse_replayed_total')).toBe(5);
    expect(await value('sse_resume_behind_messages_sum')).toBe(2);
    expect(await value('sse_catch_up_seconds_count')).toBe(3);
    expect(await value('sse_snapshots_total{from="saved",outcome="none"}')).toBe(1);
  });

  test('counts refusals, denials and errors', async () => {
    const { hub, open, value, register } = counted({ maxConnections: 1, origins: ['https://app.example'] });
    await open();
    await open();
    expect(await value('sse_connections_refused_total{reason="too many connections"}')).toBe(1);
    await expect(open({ origin: 'https://evil.example' })).rejects.toThrow();
    expect(await value('sse_denied_total{why="origin"}')).toBe(1);
    await hub.close();
    await hub.publish('news', 'late').catch(() => {});
    expect(await value('sse_errors_total{source="publish"}')).toBe(1);
    expect(await value('sse_ready')).toBe(0);
    expect(await register.metrics()).not.toContain('evil');
  });

  test('has every series at 0 from the beginning, so that the first of its kind is an increase', async () => {
    const { value } = counted();
    for (const series of [
      'sse_errors_total{source="store"}',
      'sse_connections_closed_total{reason="slow"}',
      'sse_connections_refused_total{reason="too many new connections"}',
      'sse_snapshots_total{from="saved",outcome="failed"}',
      'sse_snapshot_seconds_count{from="items"}',
    ]) {
      expect([series, await value(series)]).toEqual([series, 0]);
    }
  });

  test('counts a client whose history is gone, and who wants no less, as refused', async () => {
    const { hub, settle, value } = counted();
    const connection = connect(hub, fakeTransport({ lastEventId: 'old.1' }), {});
    const subscribed = connection.subscribe('news', { onReset: 'reject' });
    await settle();
    await expect(subscribed).rejects.toMatchObject({ code: 'ERR_SSE_RESET_REJECTED' });
    expect(await value('sse_connections_refused_total{reason="reset"}')).toBe(1);
  });

  test('keeps several hubs apart by prefix, refuses two under one, and takes its metrics out again', async () => {
    const { register, stop } = counted();
    const other = createHub();
    expect(() => collectMetrics(other, { register })).toThrow(/already been registered/);
    const stopOther = collectMetrics(other, { register, prefix: 'admin_sse_' });
    expect(await register.metrics()).toContain('admin_sse_connections 0');
    stopOther();
    stop();
    expect(await register.getMetricsAsJSON()).toEqual([]);
    expect(() => collectMetrics(other, { register, prefix: 'no-good ' })).toThrow(TypeError);
    await other.close();
  });

  test('has no label whose values come from outside', async () => {
    const { register } = counted();
    const labels = (await register.getMetricsAsJSON()).flatMap(
      ({ name }) => (register.getSingleMetric(name) as unknown as { labelNames: string[] }).labelNames,
    );
    expect(new Set(labels)).toEqual(new Set(['reason', 'why', 'resume', 'from', 'outcome', 'source']));
  });
});

describe('metricsHandler', () => {
  const serve = async (register: Registry) => {
    const server = createServer(metricsHandler(register));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const text = await response.text();
    server.close();
    return { response, text };
  };

  test('answers in the format that Prometheus asks for', async () => {
    const { register } = counted();
    const { response, text } = await serve(register);
    expect(response.headers.get('content-type')).toBe(register.contentType);
    expect(text).toContain('# TYPE sse_connections gauge');
  });

  test('answers 500, without a word of why, where a collector fails', async () => {
    const register = new Registry();
    new Gauge({
      name: 'broken',
      help: 'broken',
      registers: [register],
      collect: () => {
        throw new Error('secret');
      },
    });
    const { response, text } = await serve(register);
    expect(response.status).toBe(500);
    expect(text).not.toContain('secret');
  });
});

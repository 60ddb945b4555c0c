// @vitest-environment jsdom
import { act, createElement, StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { useConnectionStatus, useEventStream, useEvents } from '../src/react/index.js';
import { FakeServer, hubEvent, openFrame } from './kit/fake-server.js';

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

interface Map {
  numbers: { message: number };
}

/** A component that shows the status and the sum of all numbers. */
function Sum({ server, url }: { server: FakeServer; url: string }) {
  const stream = useEventStream<Map>(url, server.options);
  const { state } = useConnectionStatus(stream);
  const [sum, setSum] = useState(0);
  useEvents(stream, 'message', ({ data }) => setSum(sum + data));
  return createElement('p', null, `${state} ${sum}`);
}

async function render(element: ReturnType<typeof createElement>) {
  const page = (globalThis as unknown as { document: { createElement(name: string): { textContent: string } } })
    .document;
  const container = page.createElement('div');
  const root = createRoot(container as never);
  await act(async () => root.render(element));
  const unmount = () => act(async () => root.unmount());
  onTestFinished(unmount);
  return { container, root, unmount };
}

const write = (server: FakeServer, text: string) => act(() => server.last.write(text));

describe('the hooks', () => {
  it('show events and the status, with the newest listener', async () => {
    const server = new FakeServer();
    const { container } = await render(createElement(Sum, { server, url: 'http://server.test/a' }));
    expect(container.textContent).toBe('connecting 0');
    await act(() => server.settle());
    await act(() => server.last.open(openFrame({}, 'e.0')));
    expect(container.textContent).toBe('live 0');
    for (const n of [1, 2, 3]) await write(server, hubEvent(n, n));
    expect(container.textContent).toBe('live 6');
  });

  it('make one connection in StrictMode, and for components that ask for the same', async () => {
    const server = new FakeServer();
    const sum = () => createElement(Sum, { server, url: 'http://server.test/b' });
    const { container } = await render(createElement(StrictMode, null, sum(), sum()));
    await act(() => server.settle());
    expect(server.requests).toHaveLength(1);
    await act(() => server.last.open(openFrame({}, 'e.0') + hubEvent(1, 1)));
    expect(container.textContent).toBe('live 1live 1');
  });

  it('close the connection after the last component is gone', async () => {
    const server = new FakeServer();
    const { unmount } = await render(createElement(Sum, { server, url: 'http://server.test/c' }));
    await act(() => server.settle());
    await act(() => server.last.open(openFrame()));
    await unmount();
    await vi.waitUntil(() => server.last.isAborted);
    expect(server.clock.timers).toBe(0);
  });

  it('go over to another URL', async () => {
    const server = new FakeServer();
    const { container, root } = await render(createElement(Sum, { server, url: 'http://server.test/d' }));
    await act(() => server.settle());
    const [first] = server.requests;
    await act(async () => root.render(createElement(Sum, { server, url: 'http://server.test/e' })));
    await vi.waitUntil(() => first?.isAborted);
    await act(() => server.settle());
    expect(server.last.url.pathname).toBe('/e');
    await act(() => server.last.open(openFrame({}, 'e.0') + hubEvent(1, 5)));
    expect(container.textContent).toBe('live 5');
  });
});

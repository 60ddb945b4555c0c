/** Clients with interfaces of their own. */
import { EventSourcePlus } from 'event-source-plus';
import { createEventSource } from 'eventsource-client';
import { type Client, REFUSALS, STANDARD } from './client.js';

export const eventsourceClient: Client = {
  name: 'eventsource-client',
  traits: {
    ...STANDARD,
    asksAgainAfter: REFUSALS.filter((refused) => refused !== 204),
    remembersId: false,
    takesIdWithoutData: false,
  },
  connect(url, { headers }, tell) {
    const source = createEventSource({
      url,
      headers,
      onMessage: ({ event = 'message', data, id = '' }) => tell.event(event, data, id),
      onConnect: tell.opened,
      onDisconnect() {
        tell.failed();
        // After a 204 it says so before it closes.
        queueMicrotask(() => source.readyState === 'closed' && tell.over());
      },
    });
    return () => source.close();
  },
};

export const eventSourcePlus: Client = {
  name: 'event-source-plus',
  traits: {
    ...STANDARD,
    asksAgainAfter: REFUSALS,
    obeysRetry: false,
    remembersId: false,
    takesIdWithoutData: false,
    takesLastLineOnly: true,
    ignoresCaseOfType: false,
  },
  connect(url, { headers }, tell) {
    const controller = new EventSourcePlus(url, { headers: { ...headers } }).listen({
      onMessage: ({ event, data, id = '' }) => tell.event(event, data, id),
      onResponse: ({ response }) => (response.status === 200 ? tell.opened() : undefined),
      onRequestError: tell.failed,
      onResponseError: tell.failed,
    });
    return () => controller.abort();
  },
};

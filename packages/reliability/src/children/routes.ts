/** The streams that a server process offers, by path: one for each policy that a trial asks for. */
import type { SubscribeOptions } from '@headwater/core';

export const STREAMS: Readonly<{ [path: string]: SubscribeOptions }> = {
  '/events': {},
  '/from-the-start': { from: 'earliest' },
  '/rejecting': { onReset: 'reject' },
};

/** Row 5: after a restart history is there before anybody publishes. */
import { seqOf } from '../oracle/ledger.js';
import { defineRow } from '../row.js';

export const restartSilent = defineRow({
  name: 'restart-silent',
  promise: 'after a restart a client resumes before anybody has published, whether the server was stopped or killed',
  needs: ['durable'],
  short: { messages: 10 },
  full: { messages: 1_000 },
  async run(trial, { messages }) {
    const server = await trial.serve();
    const ids = await trial.publish(messages, ['a']);
    const lastEventId = ids[messages / 2 - 1] as string;
    for (const end of ['stop', 'kill'] as const) {
      await server[end]();
      await server.restart();
      const reader = await trial.read({ channels: ['a'], lastEventId });
      await trial.judge({ after: seqOf(lastEventId) }, [reader]);
      if (reader.follower.opens[0]?.resume !== 'resumed') throw new Error(`After ${end}: not resumed`);
    }
    return { 'resumed after': 'stop, kill', received: messages / 2 };
  },
});

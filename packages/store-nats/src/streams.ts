/**
 * The streams on the server: made where they are missing, and refused where they are not ours.
 * Invariant: several processes may do it at once, and all find the same. Nothing is ever trimmed by the server itself: a limit
 * of the stream (`max_bytes`, by whoever administrates it) refuses what is new and drops nothing.
 */
import { SseError } from '@headwater/core';
import {
  DiscardPolicy,
  JetStreamApiCodes,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream';
import { isRefusal } from './messages.js';
import type { Names } from './names.js';
import type { NatsConfig } from './options.js';

const NANOS = 1_000_000;

/** What the server assumes, and must not be longer than what is kept. */
const DUPLICATE_WINDOW_MS = 120_000;

/** Another process was first: with a configuration that the server takes for another one, or is just at it. */
const NAME_IN_USE = 10_058;

type Wanted = Partial<StreamConfig> & Pick<StreamConfig, 'name' | 'subjects'>;

/** The stream of records. @throws SseError `ERR_SSE_STORE` where there is another one of that name. */
export function openLog(jsm: JetStreamManager, config: NatsConfig, names: Names): Promise<StreamInfo> {
  return open(jsm, config, {
    ...common(config),
    name: names.log,
    subjects: [names.logSubject],
    description: `Headwater: the log of "${config.name}"`,
    allow_direct: true,
  });
}

/** The stream of snapshots and cursors. @throws SseError `ERR_SSE_STORE` where there is another one of that name. */
export function openKept(jsm: JetStreamManager, config: NatsConfig, names: Names): Promise<StreamInfo> {
  const ttlMs = Math.max(config.snapshotTtlMs, config.cursorTtlMs, 1_000);
  const ageMs = Number.isFinite(ttlMs) ? ttlMs : 0;
  return open(jsm, config, {
    ...common(config),
    name: names.kept,
    subjects: [names.keptSubjects],
    description: `Headwater: snapshots and cursors of "${config.name}"`,
    max_msgs_per_subject: 1,
    max_age: ageMs * NANOS,
    duplicate_window: Math.min(DUPLICATE_WINDOW_MS, ageMs || DUPLICATE_WINDOW_MS) * NANOS,
  });
}

function common({ storage, replicas }: NatsConfig): Partial<StreamConfig> {
  return {
    retention: RetentionPolicy.Limits,
    storage: storage === 'memory' ? StorageType.Memory : StorageType.File,
    discard: DiscardPolicy.New,
    num_replicas: replicas ?? 1,
  };
}

async function open(jsm: JetStreamManager, config: NatsConfig, wanted: Wanted): Promise<StreamInfo> {
  const found = await find(jsm, wanted.name);
  const info = found ?? (await make(jsm, wanted));
  check(info.config, wanted);
  const changed = changes(info.config, wanted, config.replicas !== undefined);
  return changed ? jsm.streams.update(wanted.name, changed) : info;
}

async function find(jsm: JetStreamManager, name: string): Promise<StreamInfo | undefined> {
  try {
    return await jsm.streams.info(name);
  } catch (error) {
    if (isRefusal(error, JetStreamApiCodes.StreamNotFound)) return undefined;
    throw error;
  }
}

async function make(jsm: JetStreamManager, wanted: Wanted): Promise<StreamInfo> {
  try {
    return await jsm.streams.add(wanted);
  } catch (error) {
    if (isRefusal(error, NAME_IN_USE)) return jsm.streams.info(wanted.name);
    throw error;
  }
}

/** @throws SseError where the stream would lose or change what is stored, or was made for something else. */
function check(given: StreamConfig, wanted: Wanted): void {
  const perSubject = wanted.max_msgs_per_subject ?? -1;
  const wrong = [
    given.subjects?.join() !== wanted.subjects?.join() && `it has the subjects ${given.subjects?.join(', ')}`,
    given.retention !== wanted.retention && `its retention is ${given.retention}`,
    given.discard !== wanted.discard && 'it discards old messages where it is full',
    given.max_msgs > 0 && `it keeps ${given.max_msgs} messages at most`,
    given.max_msgs_per_subject !== perSubject && `it keeps ${given.max_msgs_per_subject} messages of a subject`,
    given.max_age > 0 && wanted.max_age === undefined && 'it drops messages by age',
    given.storage !== wanted.storage && `its storage is ${given.storage}`,
    (given.mirror || (given.sources?.length ?? 0) > 0) && 'it takes messages from elsewhere',
    given.sealed && 'it is sealed',
  ].find((one) => one);
  if (!wrong) return;
  throw new SseError(
    'ERR_SSE_STORE',
    `Cannot use the stream ${given.name}: ${wrong}. Give it back its configuration, or the store another name`,
    { statusCode: 503 },
  );
}

/** What is ours to change in a stream that is there. */
function changes(given: StreamConfig, wanted: Wanted, hasReplicas: boolean): Partial<StreamConfig> | undefined {
  const changed: Partial<StreamConfig> = {};
  if (hasReplicas && given.num_replicas !== wanted.num_replicas) {
    Object.assign(changed, { num_replicas: wanted.num_replicas });
  }
  if (wanted.allow_direct && !given.allow_direct) Object.assign(changed, { allow_direct: true });
  if (wanted.max_age !== undefined && given.max_age !== wanted.max_age) {
    Object.assign(changed, { max_age: wanted.max_age, duplicate_window: wanted.duplicate_window });
  }
  return Object.keys(changed).length > 0 ? changed : undefined;
}

/**
 * The schema of the database, by versions. What a version has made is never changed here: a change is another version.
 * Pure.
 */
import { LOG } from './log.js';
import { OUTBOX } from './outbox.js';
import { SHELF } from './shelf.js';
import { SWEEP } from './sweep.js';
import { TABLES } from './tables.js';

/** What leads from each version to the next; the first from nothing to version 1. */
const MIGRATIONS: readonly string[] = [[TABLES, LOG, OUTBOX, SHELF, SWEEP].join('\n')];

/** How functions are planned that are called all the time: see `log.ts`. */
const BY_INDEX = 'set enable_seqscan = off set enable_bitmapscan = off';

/** The version that this package reads and writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.length;

/** A name as an SQL identifier. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** What has to be done to bring `schema` from `version` (0: there is none) to {@link SCHEMA_VERSION}. */
export function migrationFrom(version: number, schema: string): string {
  const steps = MIGRATIONS.slice(version).join('\n');
  const noted =
    version === 0
      ? `insert into {schema}.schema_version values (${SCHEMA_VERSION});\n`
      : `update {schema}.schema_version set version = ${SCHEMA_VERSION};\n`;
  return `${steps}\n${noted}`
    .replaceAll('{by_index}', BY_INDEX)
    .replaceAll('{schema}', quoteName(schema))
    .replaceAll('{notify}', quoteText(schema));
}

/**
 * The SQL that makes the whole schema in a database that has none, for administrators who do not let applications do it. The
 * package's `headwater.sql` is that for the schema `headwater`.
 */
export function schemaSql(schema: string = 'headwater'): string {
  return `begin;\n${migrationFrom(0, schema)}\ncommit;\n`;
}

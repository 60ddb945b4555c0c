/** The Logger contract: what pino's loggers, Fastify's and others of their shape can do. */
import type { Level } from './cause.js';

/** Takes fields and a text. Lines should be JSON, or escape line breaks by other means: details and errors are texts of the application's. */
export type Logger = { [Name in Level]: (fields: object, text: string) => void };

/** Every row over PostgreSQL and NATS: a few minutes. */
import { ROWS } from '../src/rows/index.js';
import { rowsHold } from './kit/rows.js';

rowsHold('postgres', ROWS);
rowsHold('nats', ROWS);

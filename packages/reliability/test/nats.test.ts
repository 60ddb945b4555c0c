/** The quick rows; `databases.matrix.ts` has them all. */
import { QUICK_ROWS, rowsHold } from './kit/rows.js';

rowsHold('nats', QUICK_ROWS);

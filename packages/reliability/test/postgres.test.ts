/** The quick rows; `databases.matrix.ts` has them all. */
import { QUICK_ROWS, rowsHold } from './kit/rows.js';

rowsHold('postgres', QUICK_ROWS);

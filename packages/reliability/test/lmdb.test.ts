import { MESSAGES } from '../src/rows/index.js';
import { rowsHold } from './kit/rows.js';

rowsHold('lmdb', MESSAGES);

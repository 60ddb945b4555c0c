import { rowsHold } from './kit/rows.js';

rowsHold('redis');

import { GOVERNANCE } from '../src/governance/index.js';
import { rowsHold } from './kit/rows.js';

rowsHold('lmdb', GOVERNANCE);

/** A contestant: see `contest`. */
import { contend, contestant } from '@headwater/services';
import { natsStore } from '../../src/index.js';

const own = contestant();
const { url, log } = own;
await contend(natsStore({ servers: url, name: log, onWarning: () => {} }), own);

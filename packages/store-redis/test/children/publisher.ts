/** A contestant: see `contest`. */
import { contend, contestant } from '@headwater/services';
import { redisStore } from '../../src/index.js';

const own = contestant();
const { url, log } = own;
await contend(redisStore({ url, name: log, onWarning: () => {} }), own);

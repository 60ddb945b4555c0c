import { governanceHolds } from './kit/governance.js';

governanceHolds('redis');

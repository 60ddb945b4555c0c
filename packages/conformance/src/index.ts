/** The public surface of `@headwater/conformance`: the contracts of Headwater as tests, for whoever implements them. */
export type { StoreGroup } from './store/index.js';
export type { StoreSetup, StoreSuiteOptions } from './store-options.js';
export { storeGroups, storeSuite } from './store-suite.js';
export { Recorder } from './tail-recorder.js';

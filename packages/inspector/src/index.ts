/** The public surface of `@headwater/inspector`. */
export { type InspectorHandler, type InspectorOptions, inspectorHandler } from './handler.js';

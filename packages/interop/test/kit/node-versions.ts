/** Other versions of Node. */
import { fetchPackage } from './fetched.js';

/** The last of each line that the suite was run on. */
export const NODE_VERSIONS = ['22.23.3', '24.21.0'] as const;

/** The path of that version's program. */
export async function nodeProgram(version: string): Promise<string> {
  return `${await fetchPackage(`node-${process.platform}-${process.arch}`, version)}/bin/node`;
}

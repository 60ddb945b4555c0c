import { describe, expect, test } from 'vitest';
import { checkChannel, toNames } from '../src/channel.js';
import { createHub } from '../src/index.js';

describe('channel names', () => {
  for (const name of ['a', 'user:42', 'a/b?c#d', '!~', 'x'.repeat(200)]) {
    test(`checkChannel takes ${JSON.stringify(name.slice(0, 10))}`, () => expect(checkChannel(name)).toBe(name));
  }
  for (const name of ['', 'a b', 'a,b', 'é', 'a\n', '\0', 'x'.repeat(201), 5, null, undefined, {}]) {
    test(`checkChannel refuses ${JSON.stringify(name)?.slice(0, 12)}`, () => {
      expect(() => checkChannel(name)).toThrow(TypeError);
    });
  }

  test('toNames takes names and channel objects, each once', async () => {
    const hub = createHub();
    expect(toNames(['a', hub.channel('b'), 'a'])).toEqual(['a', 'b']);
    expect(toNames(hub.channel('c'))).toEqual(['c']);
    expect(String(hub.channel('d'))).toBe('d');
    await hub.close();
  });
});

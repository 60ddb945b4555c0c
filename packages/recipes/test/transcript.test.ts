import { describe, expect, it } from 'vitest';
import { Bindings, parseTranscript } from './kit/transcript.js';

describe('parseTranscript', () => {
  it('gives each command the lines up to the next one, without blank lines at their end', () => {
    const text = '$ curl a\none\n\ntwo\n\n$ curl b';
    expect(parseTranscript({ text, line: 10 })).toEqual([
      { line: 10, text: 'curl a', output: ['one', '', 'two'] },
      { line: 15, text: 'curl b', output: [] },
    ]);
  });

  it('takes lines that follow a backslash as part of the command', () => {
    const [command] = parseTranscript({ text: '$ curl \\\n  -N \\\n  a\none\\\ntwo', line: 1 });
    expect(command).toEqual({ line: 1, text: 'curl \\\n  -N \\\n  a', output: ['one\\', 'two'] });
  });

  it('rejects output without a command', () => {
    expect(() => parseTranscript({ text: 'one', line: 3 })).toThrow('line 3');
  });
});

describe('Bindings', () => {
  it('lets a placeholder stand for anything but nothing, spaces, quotes and brackets', () => {
    const matches = (actual: string) => new Bindings().matches('{"id":"<id>"}', actual);
    expect(matches('{"id":"k3j9.17"}')).toBe(true);
    for (const other of ['{"id":""}', '{"id":"a b"}', '{"id":"a","b":"c"}', '{"id":"<"}', 'x{"id":"a"}']) {
      expect(matches(other)).toBe(false);
    }
  });

  it('takes everything else by the letter', () => {
    const bindings = new Bindings();
    expect(bindings.matches('a.b (c)* [d] $1 <b>', 'a.b (c)* [d] $1 <b>')).toBe(true);
    expect(bindings.matches('a.b', 'axb')).toBe(false);
  });

  it('lets a placeholder with a digit stand for the same text everywhere, and one without for any', () => {
    const bindings = new Bindings();
    expect(bindings.isOpen('curl <id1>')).toBe(true);
    expect(bindings.matches('<id1> <id>', 'a x')).toBe(true);
    expect(bindings.matches('<id1> <id>', 'a y')).toBe(true);
    expect(bindings.matches('<id1>', 'b')).toBe(false);
    expect(bindings.matches('<id2><id2>', 'cc')).toBe(true);
    expect(new Bindings().matches('<id2> <id2>', 'c d')).toBe(false);
    expect(bindings.fill('curl <id1> <id2>')).toBe('curl a c');
    expect(bindings.isOpen('curl <id1>')).toBe(false);
  });
});

import { describe, expect, it } from 'vitest';
import {
  idleTerminalsOf,
  pageClientOf,
  parseBlocks,
  scriptsOf,
  serversOf,
  terminalsFor,
  testsOf,
} from './kit/document.js';

const fence = (info: string, ...lines: string[]) => [`\`\`\`${info}`, ...lines, '```'].join('\n');

describe('parseBlocks', () => {
  it('knows the line, the language and the name of each block', () => {
    const blocks = parseBlocks(`# Title\n\n${fence('ts title="server.ts"', 'a', 'b')}\n\n${fence('', 'c')}`);
    expect(blocks).toMatchObject([
      { line: 4, language: 'ts', file: 'server.ts', text: 'a\nb' },
      { line: 9, language: '', file: 'block-9.txt', text: 'c', place: 'nowhere' },
    ]);
  });

  it('takes the indent of a list away', () => {
    expect(parseBlocks('- item\n\n  ```js\n  a\n    b\n  ```')).toMatchObject([{ text: 'a\n  b' }]);
  });

  it('takes what imports something for Node code, and the rest for a page', () => {
    const places = (...codes: string[]) => parseBlocks(codes.join('\n\n')).map(({ place }) => place);
    expect(places(fence('ts', "import 'x';"), fence('js', 'fetch()'), fence('html', '<p>'), fence('sh', 'ls'))).toEqual(
      ['node', 'browser', 'page', 'nowhere'],
    );
    expect(places(fence('ts title="a.client.ts"', "import 'x';"))).toEqual(['browser']);
  });

  it('finds the hidden code right above a block, and at no other place', () => {
    const hidden = "<!-- before:\nimport 'x';\n-->\n";
    expect(parseBlocks(hidden + fence('ts', 'a'))).toMatchObject([
      { line: 5, place: 'node', before: { line: 2, text: "import 'x';" } },
    ]);
    expect(parseBlocks(`${hidden}\n${fence('ts', 'a')}`)).toMatchObject([{ before: undefined }]);
  });

  it('rejects a block without an end, and two of one name', () => {
    expect(() => parseBlocks('```ts\na', 'a.md')).toThrow('a.md:1');
    expect(() => parseBlocks(`${fence('ts title="a.ts"')}\n${fence('ts title="a.ts"')}`, 'a.md')).toThrow('a.md:4');
  });
});

describe('serversOf, testsOf and terminalsFor', () => {
  it('tell programs apart, and give each server the commands below it', () => {
    const blocks = parseBlocks(
      [
        fence('console', '$ curl early'),
        fence('ts title="a.ts"', "import 'x';", 'app.listen(3000);'),
        fence('console', '$ curl a'),
        fence('ts title="b.ts"', "import 'x';", 'await app.listen({ port: 3000 });'),
        fence('console', '$ curl b'),
        fence('ts title="c.test.ts"', "import 'x';", 'app.listen(3000);'),
        fence('ts title="d.ts"', "import 'x';", 'app.listen(0);'),
      ].join('\n'),
    );
    const document = { path: 'x.md', name: 'x', blocks };
    const [a, b, ...others] = serversOf(document);
    expect([a, b]).toMatchObject([{ file: 'a.ts' }, { file: 'b.ts' }]);
    expect(others).toEqual([]);
    expect(terminalsFor(document, a!).map(({ text }) => text)).toEqual(['$ curl a', '$ curl b']);
    expect(terminalsFor(document, b!).map(({ text }) => text)).toEqual(['$ curl b']);
    expect(idleTerminalsOf(document).map(({ text }) => text)).toEqual(['$ curl early']);
    expect(testsOf(document)).toMatchObject([{ file: 'c.test.ts' }]);
  });

  it('know the scripts of a terminal, and the client of a page', () => {
    const blocks = parseBlocks(
      [
        fence('ts title="a.ts"', "import 'x';"),
        fence('ts title="b.ts"', "import 'x';"),
        fence('ts title="page.client.ts"', "import 'x';"),
        fence('console', '$ node b.ts <id>'),
      ].join('\n'),
    );
    const document = { path: 'x.md', name: 'x', blocks };
    expect(scriptsOf(document)).toMatchObject([{ file: 'b.ts' }]);
    expect(pageClientOf(document)).toMatchObject({ file: 'page.client.ts', place: 'browser' });
  });
});

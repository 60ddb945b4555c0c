/** Streams and the events in them: WHATWG HTML, section 9.2.6. */

interface Expected {
  readonly type: string;
  readonly data: string;
  /** Undefined where the event has no id of its own. */
  readonly id: string | undefined;
}

export const event = (data: string, type = 'message', id?: string): Expected => ({ type, data, id });

/** Name, wire, events. Where a line end is not what is tested, it is replaced by each of the three. */
export const CASES: readonly [name: string, wire: string, events: readonly Expected[]][] = [
  ['one line', 'data: Hello\n\n', [event('Hello')]],
  ['two events', 'data: Hello\n\ndata: World\n\n', [event('Hello'), event('World')]],
  ['no space after the colon', 'data:Hello\n\n', [event('Hello')]],
  ['one space of several is dropped', 'data:  Hello \n\n', [event(' Hello ')]],
  ['a tab is no space', 'data:\tHello\n\n', [event('\tHello')]],
  ['several data lines', 'data: a\ndata: b\ndata:c\n\n', [event('a\nb\nc')]],
  ['empty data lines count', 'data\ndata:\ndata: a\ndata:\n\n', [event('\n\na\n')]],
  ['a single empty data line is an event', 'data:\n\n', [event('')]],
  ['data without a colon is an event', 'data\n\n', [event('')]],
  ['a block without data is none', 'event: greeting\nid: 1\n\ndata: a\n\n', [event('a')]],
  ['an event name', 'event: greeting\ndata: a\n\n', [event('a', 'greeting')]],
  ['an empty event name is message', 'event:\ndata: a\n\nevent\ndata: b\n\n', [event('a'), event('b')]],
  ['an event name is for one event', 'event: greeting\ndata: a\n\ndata: b\n\n', [event('a', 'greeting'), event('b')]],
  ['the last event name counts', 'event: a\nevent: b\ndata: c\n\n', [event('c', 'b')]],
  ['an event name in between', 'data: a\nevent: x\ndata: b\n\n', [event('a\nb', 'x')]],
  ['an id', 'id: 7\ndata: a\n\ndata: b\n\n', [event('a', 'message', '7'), event('b')]],
  ['an empty id', 'id: \ndata: a\n\nid\ndata: b\n\n', [event('a', 'message', ''), event('b', 'message', '')]],
  ['an id with NUL is ignored', 'id: 7\0\ndata: a\n\n', [event('a')]],
  ['an unknown field is ignored', 'other: x\ndata: a\nDATA: b\n data: c\n\n', [event('a')]],
  ['fields in another order', 'data: a\nid: 7\nevent: greeting\n\n', [event('a', 'greeting', '7')]],
  ['no space, or one too many', 'event:a\ndata:b\n\nevent:  a\ndata:  b\n\n', [event('b', 'a'), event(' b', ' a')]],
  ['a field name alone is ignored', 'whatever\ndata: a\n\n', [event('a')]],
  ['comments are no events', ': comment\n\n:\n\n::\ndata: a\n: b\ndata: c\n\n', [event('a\nc')]],
  ['blank lines are no events', '\n\n\n\ndata: a\n\n\n\n', [event('a')]],
  ['what is not complete is no event', 'data: a\n\ndata: b\n', [event('a')]],
  ['a value with colons', 'data: a:b: c\n\n', [event('a:b: c')]],
  ['NUL in data', 'data: a\0b\n\n', [event('a\0b')]],
  ['characters of one to four bytes', 'data: aü✓😀\n\n', [event('aü✓😀')]],
  ['separators of other standards are data', 'data: a\u2028b\u2029c\u0085d\n\n', [event('a\u2028b\u2029c\u0085d')]],
  ['a byte order mark is ignored', '\uFEFFdata: a\n\n', [event('a')]],
  ['a second byte order mark is not', '\uFEFF\uFEFFdata: a\n\ndata: b\n\n', [event('b')]],
  ['a byte order mark before an event name', '\uFEFFevent: x\nid: 7\ndata: a\n\n', [event('a', 'x', '7')]],
  ['a byte order mark before a comment', '\uFEFF:comment\ndata: a\n\n', [event('a')]],
  ['a byte order mark before an empty event', '\uFEFFdata:\n\n', [event('')]],
  ['one byte order mark is ignored, one stays', '\uFEFFdata: \uFEFFa\n\n', [event('\uFEFFa')]],
  ['a byte order mark in data stays', 'data: \uFEFFa\n\n', [event('\uFEFFa')]],
  ['JSON', 'data: {"a": [1, null]}\n\n', [event('{"a": [1, null]}')]],
];

export const LINE_ENDS = [
  ['LF', '\n'],
  ['CRLF', '\r\n'],
  ['CR', '\r'],
] as const;

/**
 * Tables and lists that are drawn again every second. What is on the page already stays the same element, so that focus and
 * selection stay where they are. Every text goes in as text: what clients and events say is never markup.
 */
import { setText } from './text.js';

/** Rows of a table. `columns` are `{ label, text(item), className?, press?(item) }`; a column with `press` is a button. */
export function createRows(body, columns, keyOf) {
  const draw = createList(
    body,
    keyOf,
    () => makeRow(columns),
    (row, item) => fillRow(row, columns, item),
  );
  return (items, empty) => {
    draw(items);
    body.querySelector('.empty')?.remove();
    if (items.length === 0) body.append(emptyRow(columns.length, empty));
  };
}

/** Children of `parent`, one for each item: made by `make()`, filled by `fill(element, item)`. */
export function createList(parent, keyOf, make, fill) {
  let shown = new Map();
  return (items) => {
    const next = new Map();
    for (const item of items) {
      const key = keyOf(item);
      const element = shown.get(key) ?? make();
      fill(element, item);
      next.set(key, element);
    }
    for (const [key, element] of shown) if (next.get(key) !== element) element.remove();
    let place = parent.firstElementChild;
    for (const element of next.values()) {
      if (element === place) place = place.nextElementSibling;
      else parent.insertBefore(element, place);
    }
    shown = next;
  };
}

function makeRow(columns) {
  const row = document.createElement('tr');
  for (const { label, className = '', press } of columns) {
    const cell = document.createElement('td');
    cell.dataset.label = label;
    cell.className = className;
    if (press) {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'link mono';
      button.addEventListener('click', () => press(row.item));
      cell.append(button);
    }
    row.append(cell);
  }
  return row;
}

function fillRow(row, columns, item) {
  row.item = item;
  columns.forEach(({ text, press }, index) => {
    const cell = row.children[index];
    setText(press ? cell.firstElementChild : cell, text(item));
  });
}

function emptyRow(width, text) {
  const row = document.createElement('tr');
  row.className = 'empty';
  const cell = document.createElement('td');
  cell.colSpan = width;
  cell.textContent = text;
  row.append(cell);
  return row;
}

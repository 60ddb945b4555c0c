/**
 * A page that counts along with the server's numbers. Its count and its position are one record of IndexedDB: it has both or neither,
 * even if its browser is killed. Plain JavaScript, which begins with the page.
 */
const answered = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

const openRecords = () => {
  const request = indexedDB.open('counting', 1);
  request.onupgradeneeded = () => request.result.createObjectStore('records');
  return answered(request);
};

globalThis.countAlong = async () => {
  const database = await openRecords();
  const records = (mode) => database.transaction('records', mode).objectStore('records');
  const record = await answered(records('readonly').get('counting'));
  const { last = 0, wrong = [], id = '' } = record ?? {};
  // `kept`: what would be there if the browser died now.
  const counted = { begun: last, last, wrong, kept: last, errors: [] };
  globalThis.counted = counted;
  const storage = {
    getItem: () => id,
    async setItem(_key, id) {
      const { last, wrong } = counted;
      await answered(records('readwrite').put({ last, wrong, id }, 'counting'));
      counted.kept = last;
    },
  };
  const stream = headwater.connect('/history', { position: headwater.storedIn(storage) });
  const count = ({ data }) => {
    if (data !== counted.last + 1) counted.wrong.push(`${data} after ${counted.last}`);
    counted.last = data;
  };
  stream.on('message', count);
  stream.on('even', count);
  stream.on('sse.error', ({ code, message }) => counted.errors.push(`${code}: ${message}`));
};

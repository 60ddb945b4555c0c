/** The exposition, read as Prometheus reads it. */

/** Every sample, by its name and labels as they stand there. */
export async function scrape(url: string): Promise<ReadonlyMap<string, number>> {
  // The connection of a scrape is one of the handles that are counted: the same each time.
  const response = await fetch(`${url}/metrics`, { headers: { connection: 'close' } });
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}

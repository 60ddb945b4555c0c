import { expect, onTestFinished, test } from 'vitest';
import { startPostgres } from '../src/index.js';

test('a PostgreSQL server keeps what it has over a crash and an orderly end, and two of them are two', async () => {
  const [server, other] = await Promise.all([startPostgres(), startPostgres()]);
  onTestFinished(async () => {
    await Promise.all([server.stop(), other.stop()]);
  });
  expect(server.port).not.toBe(other.port);
  await server.psql('create table kept (n int); insert into kept values (1);');
  await server.restart();
  await server.psql('checkpoint');
  await server.kill();
  await expect(server.psql('select 1')).rejects.toThrow();
  await server.restart();
  expect(await server.psql('select n from kept')).toBe('1\n');
  await expect(other.psql('select n from kept')).rejects.toThrow(/does not exist/);
});

test('a PostgreSQL server that is frozen says nothing until it goes on', async () => {
  const [server, other] = await Promise.all([startPostgres({ settings: { work_mem: '5MB' } }), startPostgres()]);
  onTestFinished(async () => {
    await Promise.all([server.stop(), other.stop()]);
  });
  server.pause();
  let isAnswered = false;
  const answer = server.psql('show work_mem').finally(() => {
    isAnswered = true;
  });
  // Time enough for a server that is not.
  for (let i = 0; i < 3; i++) expect(await other.psql('show work_mem')).toBe('4MB\n');
  expect(isAnswered).toBe(false);
  server.resume();
  expect(await answer).toBe('5MB\n');
});

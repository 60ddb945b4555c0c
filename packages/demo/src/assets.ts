/** The files that the page is made of: its own, those of its libraries, and the sources of the server for whoever wants to read them. */
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import express, { type Router } from 'express';
import { FOLDER } from './folder.js';

const require = createRequire(import.meta.url);

/** As their packages ship them: there is no build step. The import map of the page names the modules among them. */
const LIBRARIES = {
  // What `require` finds is CommonJS; the module lies beside it.
  'eventsource-parser.js': join(dirname(require.resolve('eventsource-parser')), 'index.js'),
  'uplot.js': require.resolve('uplot/dist/uPlot.esm.js'),
  'uplot.css': require.resolve('uplot/dist/uPlot.min.css'),
  'inter.woff2': require.resolve('@fontsource-variable/inter/files/inter-latin-wght-normal.woff2'),
};

/** The client, as `tsc` makes it. */
const CLIENT = join(dirname(require.resolve('@headwater/client/package.json')), 'dist');

export function assets(): Router {
  const router = express.Router();
  router.use((_req, res, next) => {
    // No other site may frame the page and have its switches clicked.
    res.set('content-security-policy', "frame-ancestors 'none'").set('x-content-type-options', 'nosniff');
    next();
  });
  for (const [name, path] of Object.entries(LIBRARIES)) {
    // The folder apart: hidden ones (pnpm's) are refused within a path, and are fine above it.
    router.get(`/lib/${name}`, (_req, res) => void res.sendFile(basename(path), { root: dirname(path) }));
  }
  router.use('/lib/client', express.static(CLIENT));
  router.use(
    '/server',
    express.static(join(FOLDER, 'src'), { setHeaders: (res) => void res.type('text/plain; charset=utf-8') }),
  );
  router.use(express.static(join(FOLDER, 'public')));
  return router;
}

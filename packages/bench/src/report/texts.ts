/** What the report explains and no run shows. No figures here. */

export const INTRODUCTION = `What Headwater costs, beside the loop over \`res.write()\` that one would write without a library, and beside other libraries.
\`npm run bench\` has measured and written this page, notes included; only the explanations are written by hand. The figures belong to the machine below:
compare within this page, not with another one.`;

export const SUMMARY_EXPLAINED = `Above 1.00x is for Headwater: more deliveries, or less time or memory. Headwater is \`headwater-http\`, on bare node:http.
The best other library is another one from line to line. The other libraries do less in some of these: ids, history and limits that Headwater has on are part of its figures.`;

export const METHOD: readonly string[] = [
  `A server process for each contender, one process for all clients, a third that coordinates; where a database has processes of its own, they are told apart.
All of them share the cores of one machine and its loopback: the server's CPU time includes the kernel's work for the receiving side, for all contenders alike.`,
  `Each client is a raw socket. It checks that every event came whole, once and in order: \`checked\` says \`ok\`, or what was wrong.`,
  `An event carries the time at which it was due. A server that falls behind its source shows that as latency, and a late event is not published earlier or left out.`,
  `Contenders take turns, round by round. Tables show medians; \`spread\` is half the range. With few rounds, differences of some percent mean nothing.`,
  `\`cores\` tells how many cores the server, the clients and everybody else used on average.`,
  `Redis runs on the same machine with \`appendonly yes\` and \`appendfsync everysec\`, NATS with its defaults: both flush to the disk a while after they have answered, Redis within a second, NATS within two minutes.
LMDB and PostgreSQL, whose commits are \`synchronous\`, wait for the disk of that machine. All write to its folder for temporary files.`,
];

export const CONTENDERS_EXPLAINED = `Each contender is written as its library's documentation shows it: with the library's channel where there is one, otherwise with a set of replies.
\`plain\` is a loop of \`res.write\` over node:http with the frame encoded once: no ids, no history, no backpressure; \`plain-express\` is the same on Express.
\`raw-socket\` frames the chunk itself and writes to bare sockets: the floor for JavaScript, not a server. Headwater's rows have ids, a history and resume, and their defaults.`;

export const NOT_MEASURED: readonly string[] = [
  `A real network: latency, loss, TLS, HTTP/2, compression, proxies.`,
  `Several server processes on many cores. Deliveries per CPU-second tell what to expect of each.`,
  `Browsers. The clients read bytes and check them, nothing else.`,
  `Other languages' servers, and the stores that are not in the tables.`,
  `Hours: memory over long times and the collection of old garbage.`,
];

export const REPEAT = `\`\`\`
npm run bench                        # this page and its charts, some minutes
npm run bench -- --long              # the same in full size, with more rounds
npm run bench -- fanout-1000 single  # two scenarios, in full size, to the terminal
npm run bench -- --help
\`\`\`

Nothing else should run on the machine, and two cores are the least: with more, the clients are less of a limit. The limit on open files must allow for all clients
(\`ulimit -n\`). The sources are in [packages/bench](../packages/bench).`;

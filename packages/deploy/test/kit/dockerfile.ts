/** What is wrong with a Dockerfile that is to run a server of event streams. */
import { DockerfileParser, type Instruction } from 'dockerfile-ast';

/** A line for each mistake. `context`: the files beside it. `port`, `stopSignal`: the server's. */
export function problemsOfDockerfile(text: string, context: readonly string[], port: number): string[] {
  const dockerfile = DockerfileParser.parse(text);
  const problems: string[] = [];
  const check = (isSound: boolean, problem: string) => void (isSound || problems.push(problem));
  const stages = dockerfile.getFROMs().map((from) => from.getBuildStage());
  for (const copy of dockerfile.getCOPYs()) {
    const stage = copy.getFromFlag()?.getValue();
    const sources = copy
      .getArguments()
      .slice(0, -1)
      .map((argument) => argument.getValue());
    if (stage) check(stages.includes(stage), `COPY --from=${stage}: no such stage`);
    else for (const file of sources) check(context.includes(file), `COPY ${file}: no such file`);
  }
  const last = lastStage(dockerfile.getInstructions());
  const argumentOf = (keyword: string) =>
    last.findLast((one) => one.getKeyword() === keyword)?.getArgumentsContent() ?? '';
  check(stages.length > 1, 'the compiler and the sources are in what runs');
  check(/^[1-9]\d*$/.test(argumentOf('USER')), `USER ${argumentOf('USER')}: not the number of a user other than root`);
  check(argumentOf('STOPSIGNAL') === 'SIGTERM', 'STOPSIGNAL is not what the server waits for');
  check(argumentOf('EXPOSE') === String(port), `EXPOSE is not ${port}`);
  check(argumentOf('HEALTHCHECK').includes(`:${port}/live`), 'HEALTHCHECK does not ask /live');
  check(commandOf(text, 'CMD')[0] === 'node', 'CMD is not node itself, which gets the signals then');
  return problems;
}

/** The program and its arguments that the last `CMD`, or the `HEALTHCHECK`, runs without a shell; nothing where it uses one. */
export function commandOf(text: string, keyword: 'CMD' | 'HEALTHCHECK'): string[] {
  const instructions = lastStage(DockerfileParser.parse(text).getInstructions());
  const content = instructions.findLast((one) => one.getKeyword() === keyword)?.getArgumentsContent() ?? '';
  const [, command] = /^(?:CMD\s+)?(\[.*\])$/s.exec(content) ?? [];
  return command === undefined ? [] : JSON.parse(command);
}

function lastStage(instructions: readonly Instruction[]): Instruction[] {
  return instructions.slice(instructions.findLastIndex((one) => one.getKeyword() === 'FROM'));
}

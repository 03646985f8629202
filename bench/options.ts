// What a benchmark is told on the command line.

export interface BenchOptions {
  recipients: number;
  opened: number;
  replace: boolean;
  connections: number;
  seconds: number;
  /** Progress for a person; silent with --json. */
  say: (line: string) => void;
}

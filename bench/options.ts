// What a benchmark is told on the command line.

export interface BenchOptions {
  recipients: number;
  opened: number;
  replace: boolean;
  connections: number;
  seconds: number;
  /** STARTTLS instead of TLS from the first octet on. */
  starttls: boolean;
  /** Clients agree on keys by X25519, as those do that know no ML-KEM. */
  classic: boolean;
  /** Progress for a person; silent with --json. */
  say: (line: string) => void;
}

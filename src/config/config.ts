// Settings: a default, an environment variable and an option for each; nothing else reads the environment.

import { resolve } from 'node:path';
import { Refusal } from '../mail/errors.ts';

export interface Ports {
  http: number;
  smtp: number;
  submission: number;
  submissions: number;
  lmtp: number;
  imap: number;
  imaps: number;
}

export interface Config {
  /** try: one machine, loopback only, with people in it and an outside world of its own. */
  mode: 'try' | 'serve';
  /** Absolute directory of the embedded database, certificate and keys. */
  dataDir: string;
  /** PostgreSQL of the administrator's; undefined: the embedded one. */
  databaseUrl: string | undefined;
  /** Address that every port listens on. */
  host: string;
  /** Name that Homing gives of itself (greetings, Received, Message-IDs). */
  hostname: string;
  ports: Ports;
  /** Where mail for outside goes; null in try mode: the built-in outside world. */
  nextHop: { host: string; port: number } | null;
  /** May push messages (RFC 8620 §7.2) go to private addresses, and without TLS? */
  pushPrivate: boolean;
  /** PEM files; undefined: a certificate of its own, made at first start. */
  tlsKey: string | undefined;
  tlsCert: string | undefined;
  /** Extra accounts p1…pN@pigeon.test (try mode). */
  people: number;
  /** Begin anew: what is in dataDir is removed first. */
  fresh: boolean;
  /** Bearer token that metrics may be read with from elsewhere; undefined: from this machine only. */
  metricsToken: string | undefined;
  logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
}

/** In the data directory: touched when a backup is whole. */
export const LAST_BACKUP = 'last-backup';

interface Setting {
  option: string;
  env: string;
  help: string;
  fallback: string;
}

/** Every setting, in the order of the manual. */
export const SETTINGS = {
  data: { option: '--data', env: 'HOMING_DATA', help: 'data directory', fallback: '.homing' },
  database: {
    option: '--database-url',
    env: 'DATABASE_URL',
    help: 'PostgreSQL 15 or newer; empty: the embedded one',
    fallback: '',
  },
  host: { option: '--host', env: 'HOMING_HOST', help: 'address to listen on', fallback: '127.0.0.1' },
  hostname: { option: '--hostname', env: 'HOMING_HOSTNAME', help: 'name of this server', fallback: 'localhost' },
  http: { option: '--http-port', env: 'HOMING_HTTP_PORT', help: 'JMAP over HTTP', fallback: '8080' },
  smtp: { option: '--smtp-port', env: 'HOMING_SMTP_PORT', help: 'mail from outside', fallback: '1025' },
  submission: {
    option: '--submission-port',
    env: 'HOMING_SUBMISSION_PORT',
    help: 'submission, STARTTLS',
    fallback: '1587',
  },
  submissions: {
    option: '--submissions-port',
    env: 'HOMING_SUBMISSIONS_PORT',
    help: 'submission, TLS',
    fallback: '1465',
  },
  lmtp: { option: '--lmtp-port', env: 'HOMING_LMTP_PORT', help: 'LMTP', fallback: '1024' },
  imap: { option: '--imap-port', env: 'HOMING_IMAP_PORT', help: 'IMAP, STARTTLS', fallback: '1143' },
  imaps: { option: '--imaps-port', env: 'HOMING_IMAPS_PORT', help: 'IMAP, TLS', fallback: '1993' },
  pushPrivate: {
    option: '--push-private',
    env: 'HOMING_PUSH_PRIVATE',
    help: 'yes: push messages may go to private addresses, and without TLS',
    fallback: 'no',
  },
  nextHop: { option: '--next-hop', env: 'HOMING_NEXT_HOP', help: 'smarthost, host:port', fallback: '' },
  tlsKey: { option: '--tls-key', env: 'HOMING_TLS_KEY', help: 'PEM file', fallback: '' },
  tlsCert: { option: '--tls-cert', env: 'HOMING_TLS_CERT', help: 'PEM file', fallback: '' },
  people: {
    option: '--people',
    env: 'HOMING_PEOPLE',
    help: 'extra accounts p1…pN@pigeon.test (try mode)',
    fallback: '0',
  },
  metricsToken: {
    option: '--metrics-token',
    env: 'HOMING_METRICS_TOKEN',
    help: 'bearer token for /metrics from other machines',
    fallback: '',
  },
  log: { option: '--log', env: 'HOMING_LOG', help: 'debug, info, warn, error or silent', fallback: 'warn' },
} as const satisfies Record<string, Setting>;

/**
 * Reads options (`--http-port 8081` or `--http-port=8081`), then the environment, then defaults.
 * Throws Refusal `badOption` with a sentence for anything it does not understand.
 */
export function readConfig(mode: Config['mode'], args: string[], env: NodeJS.ProcessEnv): Config {
  const given = new Map<string, string>();
  let fresh = false;
  for (let i = 0; i < args.length; i++) {
    const [option = '', inline] = (args[i] ?? '').split(/=(.*)/s);
    if (option === '--fresh') {
      fresh = true;
      continue;
    }
    const known = Object.values(SETTINGS).some((setting) => setting.option === option);
    const value = inline ?? args[++i];
    if (!known || value === undefined) {
      throw new Refusal('badOption', known ? `${option} needs a value.` : `${option} is not an option of Homing.`);
    }
    given.set(option, value);
  }
  const text = (name: keyof typeof SETTINGS): string => {
    const setting = SETTINGS[name];
    return given.get(setting.option) ?? (env[setting.env] || setting.fallback);
  };
  const number = (name: keyof typeof SETTINGS, max: number): number => {
    const value = Number(text(name));
    if (Number.isInteger(value) && value >= 0 && value <= max) return value;
    throw new Refusal(
      'badOption',
      `${SETTINGS[name].option} (${SETTINGS[name].env}) takes a number from 0 to ${max}, not "${text(name)}".`,
    );
  };
  const yesOrNo = (name: keyof typeof SETTINGS): boolean => {
    const value = text(name);
    if (value === 'yes' || value === 'no') return value === 'yes';
    throw new Refusal('badOption', `${SETTINGS[name].option} (${SETTINGS[name].env}) takes yes or no, not "${value}".`);
  };
  const log = text('log');
  if (!['debug', 'info', 'warn', 'error', 'silent'].includes(log)) {
    throw new Refusal(
      'badOption',
      `${SETTINGS.log.option} (${SETTINGS.log.env}) takes ${SETTINGS.log.help}, not "${log}".`,
    );
  }
  return {
    mode,
    dataDir: resolve(text('data')),
    databaseUrl: text('database') || undefined,
    host: mode === 'try' ? '127.0.0.1' : text('host'),
    hostname: text('hostname'),
    ports: {
      http: number('http', 65535),
      smtp: number('smtp', 65535),
      submission: number('submission', 65535),
      submissions: number('submissions', 65535),
      lmtp: number('lmtp', 65535),
      imap: number('imap', 65535),
      imaps: number('imaps', 65535),
    },
    nextHop: text('nextHop') === '' ? null : hostAndPort(text('nextHop')),
    pushPrivate: yesOrNo('pushPrivate'),
    tlsKey: text('tlsKey') || undefined,
    tlsCert: text('tlsCert') || undefined,
    people: number('people', 10_000_000),
    fresh,
    metricsToken: text('metricsToken') || undefined,
    logLevel: log as Config['logLevel'],
  };
}

function hostAndPort(value: string): { host: string; port: number } {
  const match = /^(.+?)(?::(\d+))?$/.exec(value);
  const port = Number(match?.[2] ?? 25);
  if (!match?.[1] || port > 65535)
    throw new Refusal('badOption', `${SETTINGS.nextHop.option} takes host:port, not "${value}".`);
  return { host: match[1], port };
}

// Addresses as the store keys them.

/**
 * The form under which an address is stored and compared: domain lower-cased and in ASCII (IDNA), local part
 * lower-cased and NFC. RFC 5321 §2.4 leaves the local part's case to its host, and no host of ours tells cases apart.
 * `null` if it is not an address (no or two unquoted "@", empty side, control characters, over 254 octets).
 */
export function canonicalAddress(address: string): string | null {
  const at = address.lastIndexOf('@');
  if (at < 1 || at === address.length - 1) return null;
  const local = address.slice(0, at).normalize('NFC').toLowerCase();
  const domain = canonicalDomain(address.slice(at + 1));
  if (domain === null || !/^(?:"[^"\r\n\0\p{Cs}]*"|[^\s@"<>(),;:\\[\]\p{Cc}\p{Cs}]+)$/u.test(local)) return null;
  const canonical = `${local}@${domain}`;
  return Buffer.byteLength(canonical) > 254 ? null : canonical;
}

/** Labels of letters, digits and hyphens; with underscores too, for there are such hosts. */
const DOMAIN = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/;

/** A domain in lower-case ASCII, `null` if it is none. */
export function canonicalDomain(domain: string): string | null {
  if (DOMAIN.test(domain)) return domain;
  // URL takes control characters off both ends.
  if (!/^[^\s@:/?#[\]\\%\p{Cc}]+$/u.test(domain)) return null;
  try {
    const { hostname } = new URL(`http://${domain}`);
    return DOMAIN.test(hostname) ? hostname : null; // URL lets more pass
  } catch {
    return null;
  }
}

/** The part after the last "@". */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}

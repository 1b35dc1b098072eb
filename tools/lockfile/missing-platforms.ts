/** The parts of a `package-lock.json` that matter here. */
export interface Lockfile {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

export interface LockedPackage {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const SYSTEMS = ["darwin", "linux", "win32", "freebsd", "android", "openharmony"];
const PROCESSORS = ["x64", "arm64", "arm", "ia32", "ppc64", "riscv64", "s390x", "loong64"];

/**
 * Entries for the builds for other platforms that the lockfile should name and does not. npm leaves out an optional
 * package that its registry does not have (yet), and `npm ci` then refuses the lockfile. The version is the one that the
 * parent asks for exactly; there is no integrity to state, so npm takes what the registry gives on such a platform.
 */
export function missingPlatforms({ packages }: Lockfile): Readonly<Record<string, LockedPackage>> {
  const missing: Record<string, LockedPackage> = {};
  for (const [place, parent] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      const nested = `${place}/node_modules/${name}`;
      if (nested in packages || `node_modules/${name}` in packages || !/^\d+\.\d+\.\d+$/.test(version)) continue;
      const { cpu, libc, os } = platformOf(name);
      // In the order in which npm writes them, so that its next change to the file shows nothing but the change.
      missing[`node_modules/${name}`] = {
        version,
        ...(cpu === undefined ? {} : { cpu: [cpu] }),
        ...(parent.dev === true ? { dev: true } : {}),
        ...(libc === undefined ? {} : { libc: [libc] }),
        optional: true,
        ...(os === undefined ? {} : { os: [os] }),
      };
    }
  }
  return missing;
}

/**
 * What the name of a platform's build says: `@nx/nx-linux-x64-musl` → linux, x64, musl. Where it says nothing, npm tries
 * the package on every platform, and goes on without it where it cannot be had.
 */
function platformOf(name: string): { readonly os?: string; readonly cpu?: string; readonly libc?: string } {
  const words = name.split(/[-/]/);
  const os = SYSTEMS.find((each) => words.includes(each));
  const cpu = PROCESSORS.find((each) => words.includes(each));
  const libc = words.includes("musl") ? "musl" : words.includes("gnu") || words.includes("glibc") ? "glibc" : undefined;
  return { ...(os && { os }), ...(cpu && { cpu }), ...(libc && { libc }) };
}

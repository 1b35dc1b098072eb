/** Links that lead in a circle, or a name that is too long: the path is at fault, and no file or device. */
export function isUnusablePath(code: unknown): boolean {
  return code === "ELOOP" || code === "ENAMETOOLONG";
}

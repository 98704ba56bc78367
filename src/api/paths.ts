// Paths as Go's HTTP server reads them: what is not in its shortest form is sent there, whatever it names.

/** Where a path is found instead; undefined when it is in its shortest form. */
export function shorterPath(path: string): string | undefined {
  if (!path.includes("//") && !path.includes("/.")) return undefined;
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  const clean = `/${parts.join("/")}`;
  const wanted = path.endsWith("/") && clean !== "/" ? `${clean}/` : clean;
  return wanted === path ? undefined : escaped(wanted);
}

/** Percent signs are escaped once more: the reference takes what was written for what was meant. */
const escaped = (path: string): string => path.replaceAll(/[^A-Za-z0-9\-_.~$&+,/:;=@]/g, (it) => [...Buffer.from(it)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""));

/** An encoded slash divides like any other, but what is empty between two is no reason to go elsewhere. */
export function decodedSlashes(url: string): string {
  if (!/^[^?]*%2f/i.test(url)) return url;
  return url.replace(/^[^?]*/, (path) => path.replaceAll(/%2f/gi, "/").replace(/([^/])\/{2,}$/, "$1/").replace(/^\/{2,}(?=[^/])/, "/"));
}

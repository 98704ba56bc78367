// Paths and parameters as Go's server reads them.
import { expect, test } from "vitest";
import { decodedSlashes, shorterPath } from "./paths.ts";
import { parseQuery } from "./query.ts";

test.each([
  ["/meshes//default", "/meshes/default"],
  ["/meshes/./a/../b/", "/meshes/b/"],
  ["/..", "/"],
  ["/a//x%3Fy (z)", "/a/x%253Fy%20%28z%29"],
])("%s is found at %s", (path, shorter) => {
  expect(shorterPath(path)).toBe(shorter);
});

test.each(["/", "/meshes", "/meshes/", "/meshes/a%2F%2Fb", "/meshes/a..b"])("%s is in its shortest form", (path) => {
  expect(shorterPath(path)).toBeUndefined();
});

test("an encoded slash divides, at the end any number of them; parameters are left alone", () => {
  expect([decodedSlashes("/a%2Fb?x=%2F"), decodedSlashes("/a%2f%2F"), decodedSlashes("/a/%2F/b")]).toEqual(["/a/b?x=%2F", "/a/", "/a///b"]);
});

test("parameters that are badly encoded were not given; others are read as they are meant", () => {
  expect({ ...parseQuery("a=1&a=2&b=%zz&c;d=1&%zz=1&e=x+y%20z&f&=g&__proto__=h&i=%C3%9C%ff") }).toEqual({ a: ["1", "2"], e: "x y z", f: "", "": "g", ["__proto__"]: "h", i: "Ü\ufffd" });
});

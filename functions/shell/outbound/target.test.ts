import { describe, expect, test } from "vitest";
import { isPublicAddress } from "./address.ts";
import { refusalOfTarget } from "./target.ts";

/** First and last address of each special-use range, then the neighbours before and after it that are public. */
const ipv4Ranges = [
  ["0.0.0.0", "0.255.255.255", "", "1.0.0.0"],
  ["10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"],
  ["100.64.0.0", "100.127.255.255", "100.63.255.255", "100.128.0.0"],
  ["127.0.0.0", "127.255.255.255", "126.255.255.255", "128.0.0.0"],
  ["169.254.0.0", "169.254.255.255", "169.253.255.255", "169.255.0.0"],
  ["172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0"],
  ["192.0.0.0", "192.0.0.255", "191.255.255.255", "192.0.1.0"],
  ["192.0.2.0", "192.0.2.255", "192.0.1.255", "192.0.3.0"],
  ["192.31.196.0", "192.31.196.255", "192.31.195.255", "192.31.197.0"],
  ["192.52.193.0", "192.52.193.255", "192.52.192.255", "192.52.194.0"],
  ["192.88.99.0", "192.88.99.255", "192.88.98.255", "192.88.100.0"],
  ["192.168.0.0", "192.168.255.255", "192.167.255.255", "192.169.0.0"],
  ["192.175.48.0", "192.175.48.255", "192.175.47.255", "192.175.49.0"],
  ["198.18.0.0", "198.19.255.255", "198.17.255.255", "198.20.0.0"],
  ["198.51.100.0", "198.51.100.255", "198.51.99.255", "198.51.101.0"],
  ["203.0.113.0", "203.0.113.255", "203.0.112.255", "203.0.114.0"],
  ["224.0.0.0", "239.255.255.255", "223.255.255.255", ""],
  ["240.0.0.0", "255.255.255.255", "", ""],
] as const;

const ones = (groups: number) => Array(groups).fill("ffff").join(":");
const ipv6Ranges = [
  ["::", "::", "", ""], // unspecified
  ["::1", "::1", "", ""], // loopback
  ["::2", "::ffff:ffff", "", ""], // compatible with IPv4
  ["::ffff:0:0", "::ffff:ffff:ffff", "", ""], // mapped IPv4
  ["64:ff9b:1::", `64:ff9b:1:${ones(5)}`, "", ""],
  ["100::", `100::${ones(4)}`, "", ""],
  ["100:0:0:1::", `100:0:0:1:${ones(4)}`, "", ""],
  ["2001::", `2001:1ff:${ones(6)}`, `2000:${ones(7)}`, "2001:200::"],
  ["2001:db8::", `2001:db8:${ones(6)}`, `2001:db7:${ones(6)}`, "2001:db9::"],
  ["2002::", `2002:${ones(7)}`, `2001:${ones(7)}`, "2003::"],
  ["2620:4f:8000::", `2620:4f:8000:${ones(5)}`, `2620:4f:7fff:${ones(5)}`, "2620:4f:8001::"],
  ["3fff::", `3fff:fff:${ones(6)}`, `3ffe:${ones(7)}`, "3fff:1000::"],
  ["4000::", `5eff:${ones(7)}`, `3fff:${ones(7)}`, ""], // not handed out
  ["5f00::", `5f00:${ones(7)}`, "", ""],
  ["fc00::", `fdff:${ones(7)}`, "", ""],
  ["fe80::", `febf:${ones(7)}`, "", ""],
  ["fec0::", `feff:${ones(7)}`, "", ""],
  ["ff00::", `${ones(8)}`, "", ""],
] as const;

const publicOnly = { allowLoopback: false };
const codeOf = async (url: string, options: Parameters<typeof refusalOfTarget>[1] = publicOnly) => (await refusalOfTarget(url, options))?.code;
const resolvingTo =
  (...addresses: string[]) =>
  async () =>
    addresses;

describe("every special-use range is refused from its first to its last address, and its public neighbours pass:", () => {
  test.each(ipv4Ranges)("%s to %s", async (first, last, before, after) => {
    for (const address of [first, last]) {
      expect(await codeOf(`https://${address}/`), address).toBe("private_address");
      // However IPv6 wraps it.
      for (const wrapped of [`::ffff:${address}`, `::${address}`, `64:ff9b::${address}`])
        expect(await codeOf(`https://[${wrapped}]/`), wrapped).toBe("private_address");
      expect(isPublicAddress(`64:ff9b::${address}`)).toBe(false);
    }
    for (const address of [before, after].filter(Boolean)) {
      expect(await codeOf(`https://${address}/`), address).toBeUndefined();
      expect(await codeOf(`https://[64:ff9b::${address}]/`), `NAT64 of ${address}`).toBeUndefined();
    }
  });

  test.each(ipv6Ranges)("%s to %s", async (first, last, before, after) => {
    for (const address of [first, last]) expect(await codeOf(`https://[${address}]/`), address).toBe("private_address");
    for (const address of [before, after].filter(Boolean)) expect(await codeOf(`https://[${address}]/`), address).toBeUndefined();
  });

  test.each(["fe80::1%eth0", "2606:4700::1111%eth0", "", "localhost", "1.2.3", "::ffff:8.8.8.8"])("%s is no public address", (text) => {
    expect(isPublicAddress(text)).toBe(false);
  });
});

describe("a disguised address is refused:", () => {
  test.each([
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://127.1/",
    "https://127.0.1/",
    "https://127.0.0.1./",
    "https://0/",
    "https://%31%32%37.0.0.1/",
    "https://１２７.0.0.1/",
    "https://127。0。0。1/",
    "https://①②⑦.⓪.⓪.①/",
    "https://[::ffff:7f00:1]/",
    "https://[0:0:0:0:0:FFFF:127.0.0.1]/",
    "https://[::7f00:1]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https:127.0.0.1",
    "https:\\\\127.0.0.1\\",
    " https://127.0.0.1/",
    "https://127.0.\t0.1/",
    "https://0xA9FEA9FE/latest/meta-data",
  ])("%s", async (url) => {
    expect(await codeOf(url)).toBe("private_address");
  });
});

describe("what is not plain https to a public host is refused:", () => {
  test.each([
    ["malformed", ""],
    ["malformed", "/hooks"],
    ["malformed", "https://"],
    ["malformed", "https://[fe80::1%25eth0]/"],
    ["malformed", "https://1.2.3.4.5/"],
    ["malformed", `https://shop.example.com/${"a".repeat(2_048)}`],
    ["not_https", "http://shop.example.com/"],
    ["not_https", "http://127.0.0.1/"],
    ["not_https", "file:///etc/passwd"],
    ["not_https", "gopher://shop.example.com/"],
    ["not_https", "data:text/plain,a"],
    ["has_userinfo", "https://user@shop.example.com/"],
    ["has_userinfo", "https://user:secret@shop.example.com/"],
    ["has_userinfo", "https://shop.example.com:443@127.0.0.1/"],
    ["has_fragment", "https://shop.example.com/#part"],
    ["host_not_allowed", "https://localhost/"],
    ["host_not_allowed", "https://LOCALHOST./"],
    ["host_not_allowed", "https://localhost../"],
    ["host_not_allowed", "https://ⓛocalhost/"],
    ["host_not_allowed", "https://app.localhost/"],
    ["host_not_allowed", "https://printer.local/"],
    ["host_not_allowed", "https://metadata.google.internal/"],
    ["host_not_allowed", "https://router.home.arpa./"],
    ["host_not_allowed", "https://intranet/"],
    ["host_not_allowed", "https://intranet./"],
    ["port_not_allowed", "https://shop.example.com:22/"],
    ["port_not_allowed", "https://shop.example.com:0/"],
    ["port_not_allowed", "https://8.8.8.8:25/"],
  ])("%s: %s", async (code, url) => {
    expect(await codeOf(url, { ...publicOnly, resolve: resolvingTo("8.8.8.8") })).toBe(code);
  });
});

describe("a name", () => {
  const url = "https://hooks.example.com:8443/clientele?tenant=1";

  test("passes when all its addresses are public, or when it does not resolve yet", async () => {
    expect(await codeOf(url, { ...publicOnly, resolve: resolvingTo("8.8.8.8", "2606:4700::1111") })).toBeUndefined();
    expect(await codeOf(url, { ...publicOnly, resolve: () => Promise.reject(new Error("ENOTFOUND")) })).toBeUndefined();
    expect(await codeOf(url, { ...publicOnly, resolve: () => new Promise(() => {}) })).toBeUndefined();
  });

  test("is refused when any of its addresses is not public, and the refusal does not tell which", async () => {
    for (const inside of ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00:ec2::254", "::ffff:10.1.2.3", "64:ff9b::a01:203"]) {
      for (const addresses of [[inside], ["8.8.8.8", inside], [inside, "2606:4700::1111"]]) {
        const refusal = await refusalOfTarget(url, { ...publicOnly, resolve: resolvingTo(...addresses) });
        expect(refusal?.code, addresses.join()).toBe("private_address");
        expect(refusal?.detail).not.toContain(inside);
      }
    }
  });
});

describe("in local mode", () => {
  const local = { allowLoopback: true, resolve: resolvingTo("127.0.0.1") };

  test.each([
    "http://127.0.0.1:4000/hooks",
    "https://127.255.255.254/",
    "http://[::1]:80/",
    "http://localhost:22/",
    "https://localhost/",
    "http://2130706433/",
  ])("%s may be called", async (url) => {
    expect(await codeOf(url, local)).toBeUndefined();
  });

  test.each([
    ["not_https", "http://8.8.8.8/"],
    ["not_https", "http://10.0.0.1/"],
    ["not_https", "http://app.localhost/"],
    ["not_https", "http://[::ffff:127.0.0.1]/"],
    ["private_address", "https://10.0.0.1/"],
    ["private_address", "https://[::ffff:127.0.0.1]/"],
    ["private_address", "https://hooks.example.com/"],
    ["host_not_allowed", "https://app.localhost/"],
    ["has_userinfo", "http://user@localhost/"],
    ["has_fragment", "http://localhost/#part"],
  ])("nothing else is opened: %s %s", async (code, url) => {
    expect(await codeOf(url, local)).toBe(code);
  });
});

// Reads [{subject, body}] from standard input and writes what email-forward-parser finds in each.
const Parser = require(process.argv[2] + "/email-forward-parser");
const read = new (Parser.default || Parser)();
const items = JSON.parse(require("fs").readFileSync(0, "utf8"));
const found = items.map(({ subject, body }) => {
  try {
    const r = read.read(body, subject || undefined);
    const email = r.email || {};
    return { forwarded: !!r.forwarded, from: (email.from || {}).address || null, subject: email.subject || null };
  } catch {
    return { forwarded: false, from: null, subject: null };
  }
});
process.stdout.write(JSON.stringify(found));

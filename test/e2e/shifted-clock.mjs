// Loaded into a server before everything else: its clock can be set, so that a day's history is made in seconds.

const RealDate = Date;
const realNow = RealDate.now;
let offsetMs = Number(process.env.CLOCK_OFFSET_MS ?? 0);

RealDate.now = () => realNow() + offsetMs;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args) => (args.length === 0 ? new target(RealDate.now()) : new target(...args)),
});

process.on('message', (message) => {
  offsetMs = message.offsetMs;
  process.send?.({ offsetMs });
});
process.channel?.unref();

// A clock for the servers of these targets that a request can move: their software is as it came, and
// asks the time of a process whose clock is ahead.

const Real = globalThis.Date;
let ahead = 0;

globalThis.Date = class Date extends Real {
  constructor(...given) {
    if (given.length) super(...given);
    else super(Real.now() + ahead);
  }

  static now() {
    return Real.now() + ahead;
  }
};

/** Express's `POST /_advance?seconds=…`. */
export function advance(request, response) {
  ahead += Number(request.query.seconds) * 1000;
  response.sendStatus(204);
}

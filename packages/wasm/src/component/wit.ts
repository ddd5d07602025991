/** The text of `wit/handler.wit`, for tools that read no files. */
export const wit = `package sluice:handler@1.0.0;

/// Bytes that hold one JSON value, as UTF-8.
interface types {
  type json = list<u8>;
  /// None: there is none yet, or none is kept.
  type state = option<json>;
}

interface actor {
  use types.{state};

  /// Gives an instance its first state. \`params\` is JSON text.
  init: func(state: state, params: tuple<string>) -> result<tuple<state>, string>;
}

interface message-server-client {
  use types.{json};

  /// A message that nobody waits for.
  handle-send: func(state: option<json>, params: tuple<json>) -> result<tuple<option<json>>, string>;

  /// A message whose sender gets the second member of the result.
  handle-request: func(state: option<json>, params: tuple<json>) -> result<tuple<option<json>, tuple<json>>, string>;
}

interface supervisor-client {
  use types.{json};

  /// A child has used up its restarts. \`params\` says which, and why.
  handle-child-error: func(state: option<json>, params: tuple<json>) -> result<tuple<option<json>>, string>;
}

/// Granted by \`imports: ["console"]\`. What is written is recorded.
interface console {
  enum level {
    debug,
    log,
    warn,
    error,
  }
  write: func(level: level, text: string);
}

/// Granted by \`imports: ["clock"]\`. Milliseconds since 1970, the same all through one call.
interface clock {
  now: func() -> f64;
}

/// Granted by \`imports: ["random"]\`. From 0 up to 1, recorded for each call.
interface random {
  next: func() -> f64;
}

/// What every component handler exports. It imports nothing.
world handler {
  export actor;
  export message-server-client;
}

/// One that is also told of children that were given up.
world supervisor {
  include handler;
  export supervisor-client;
}

/// One that asks for all that can be granted. What its code does not use is left out of a component made by
/// \`embed\`, and does not need to be granted.
world granted-handler {
  import console;
  import clock;
  import random;
  include handler;
}
`

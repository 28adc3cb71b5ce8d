// Serves @modelcontextprotocol/server-everything over Streamable HTTP, on loopback only: by itself it listens on every interface.
// The port is taken from the environment variable PORT.
import http from "node:http";

const listen = http.Server.prototype.listen;
http.Server.prototype.listen = function (port, ...rest) {
  return listen.call(this, Number(port), "127.0.0.1", ...rest);
};

await import("@modelcontextprotocol/server-everything/dist/transports/streamableHttp.js");

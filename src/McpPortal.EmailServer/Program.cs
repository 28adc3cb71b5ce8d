using McpPortal.EmailServer;

return await EmailCommand.RunAsync(args);

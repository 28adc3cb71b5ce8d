using McpPortal.Cli;

return await PortalCommand.RunAsync(args);

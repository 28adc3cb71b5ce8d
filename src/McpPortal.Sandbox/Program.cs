using McpPortal.Sandbox;

return await SandboxCommand.RunAsync(args);

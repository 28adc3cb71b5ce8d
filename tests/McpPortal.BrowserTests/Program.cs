using McpPortal.BrowserTests.Pictures;

if (args is ["pictures", .. var rest])
{
    return await PicturesCommand.RunAsync(rest);
}

return args.Any(arg => arg is "--server" or "--internal-msbuild-node")
    ? await Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(args, (_, _) => { })
    : await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);

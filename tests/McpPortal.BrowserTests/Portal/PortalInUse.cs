using McpPortal.BrowserTests.Pictures;
using McpPortal.Tests.Rig.Canaries;
using Microsoft.Playwright;

namespace McpPortal.BrowserTests.Portal;

/// <summary>One portal and one browser for every test of this collection; the tests run one after the other.</summary>
public sealed class PortalInUse : IAsyncLifetime
{
    private IPlaywright _playwright = null!;
    private IBrowser _browser = null!;

    internal RunningPortal Portal { get; private set; } = null!;

    /// <summary>Everything that the browsers get from the portal; on dispose together with all that stands in its data folder.</summary>
    internal CanaryScan Canaries { get; } = new();

    public async ValueTask InitializeAsync()
    {
        Assertions.SetDefaultExpectTimeout(30_000); // a busy machine is no failure
        _playwright = await Playwright.CreateAsync();
        _browser = await Chromium.LaunchAsync(_playwright);
        Portal = await RunningPortal.StartAsync();
    }

    /// <summary>Stops the portal as Ctrl-C does and starts it again on the same data and ports.</summary>
    public async Task RestartAsync()
    {
        await Portal.DisposeAsync();
        Portal = await RunningPortal.StartAsync(Portal);
    }

    /// <summary>A browser profile of its own, with nobody signed in. One that is shown a key, once and on purpose, is not heard.</summary>
    public async Task<IBrowserContext> NewContextAsync(int width = 1440, int height = 900, bool heard = true)
    {
        var context = await _browser.NewContextAsync(new() { BaseURL = Portal.Address.ToString(), ViewportSize = new() { Width = width, Height = height } });
        if (heard)
        {
            context.Hear(Canaries, Portal.Address);
        }

        return context;
    }

    /// <summary>The browser profile of a person who has signed in.</summary>
    public async Task<IBrowserContext> EnterAsync(string user, int width = 1440, int height = 900, bool heard = true)
    {
        var context = await NewContextAsync(width, height, heard);
        await PicturesCommand.SignInAsync(context, user);
        return context;
    }

    public async ValueTask DisposeAsync()
    {
        if (Portal is not null)
        {
            await Portal.DisposeAsync();
            Canaries.Watch("the root key", (await File.ReadAllTextAsync(Path.Combine(Portal.Data, "root.key"))).Trim());

            // The operator's own files, and the log of the stand-in for the providers, whose tokens these are.
            Canaries.HearFolder(Portal.Data, "root.key", "settings.env", "sandbox.log");
            Directory.Delete(Portal.Data, recursive: true);
        }

        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        Canaries.AssertNothingLeaked();
    }
}

[CollectionDefinition(Name)]
public sealed class PortalTests : ICollectionFixture<PortalInUse>
{
    public const string Name = "The portal in a browser";
}

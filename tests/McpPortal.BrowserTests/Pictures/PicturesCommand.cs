using Microsoft.Playwright;

namespace McpPortal.BrowserTests.Pictures;

/// <summary>
/// <c>dotnet run --project tests/McpPortal.BrowserTests -- pictures --base URL [--out DIR] [--sign-in USER] [--cookie NAME=VALUE] [--press KEY]… [--full] [--check] PAGE…</c>:
/// <c>pictures --all [--out DIR]</c> or pictures of pages of a running portal, light, dark and narrow; with --check also axe's findings. Fails on any finding or console message.
/// </summary>
internal static class PicturesCommand
{
    private static readonly Look[] Looks =
    [
        new("light", ColorScheme.Light, 1440, 900),
        new("dark", ColorScheme.Dark, 1440, 900),
        new("narrow", ColorScheme.Light, 390, 844),
        new("narrow-dark", ColorScheme.Dark, 390, 844),
    ];

    public static async Task<int> RunAsync(string[] args)
    {
        var options = Options.Parse(args);
        if (options.All)
        {
            return await AllPictures.RunAsync(options);
        }

        using var playwright = await Playwright.CreateAsync();
        await using var browser = await Chromium.LaunchAsync(playwright);
        var complaints = await TakeAllAsync(browser, options.Base, options.Folder, options.SignIn, options.Pages, options);
        complaints.ForEach(Console.WriteLine);
        Console.WriteLine($"{options.Pages.Count * Looks.Length} pictures in {options.Folder}, {complaints.Count} complaints");
        return complaints.Count == 0 ? 0 : 1;
    }

    /// <summary>Takes the pages in every look, as one person, and returns what was wrong with them.</summary>
    internal static async Task<List<string>> TakeAllAsync(IBrowser browser, Uri portal, string folder, string? user, IReadOnlyList<string> pages, Options? options = null)
    {
        Directory.CreateDirectory(folder);
        var complaints = new List<string>();
        foreach (var look in Looks)
        {
            await using var context = await browser.NewContextAsync(new()
            {
                BaseURL = portal.ToString(),
                ColorScheme = look.Scheme,
                ViewportSize = new() { Width = look.Width, Height = look.Height },
            });
            await context.AddCookiesAsync((options?.Cookies ?? []).Select(cookie => new Cookie { Name = cookie.Name, Value = cookie.Value, Url = portal.ToString() }));
            if (user is not null)
            {
                await SignInAsync(context, user);
            }

            foreach (var address in pages)
            {
                complaints.AddRange((await TakeAsync(context, address, look, folder, options)).Select(complaint => $"{address} {look.Name}: {complaint}"));
            }
        }

        return complaints;
    }

    /// <summary>Signs in once, so that the portal knows the person.</summary>
    internal static async Task EnterAndLeaveAsync(IBrowser browser, Uri portal, string user)
    {
        await using var context = await browser.NewContextAsync(new() { BaseURL = portal.ToString() });
        await SignInAsync(context, user);
    }

    internal static async Task SignInAsync(IBrowserContext context, string user)
    {
        // With --auto-consent the sandbox signs a hinted user in without the click.
        var page = await context.NewPageAsync();
        await page.GotoAsync($"/signin?login_hint={Uri.EscapeDataString(user)}");
        var button = page.GetByTestId($"signin-{user}");
        var signedIn = page.GetByLabel("Signed in as");
        await button.Or(signedIn).First.WaitForAsync();
        if (await button.IsVisibleAsync())
        {
            await button.ClickAsync();
        }

        await signedIn.WaitForAsync();
        await page.CloseAsync();
    }

    private static async Task<List<string>> TakeAsync(IBrowserContext context, string address, Look look, string folder, Options? options)
    {
        var page = await context.NewPageAsync();
        var complaints = new List<string>();
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                complaints.Add($"console {message.Type}: {message.Text}");
            }
        };
        page.PageError += (_, error) => complaints.Add("page error: " + error);
        await page.GotoAsync(address, new() { WaitUntil = WaitUntilState.Load });
        await page.EvaluateAsync("document.fonts.ready.then(() => true)");
        await page.WaitForTimeoutAsync(1200); // a picture of the page at rest; nothing is asserted on this
        foreach (var key in options?.Keys ?? [])
        {
            await page.Keyboard.PressAsync(key);
        }

        if (options is { Check: true })
        {
            complaints.AddRange(await Accessibility.FindingsAsync(page));
        }

        if (await page.EvaluateAsync<bool>("document.documentElement.scrollWidth > innerWidth"))
        {
            complaints.Add("wider than the window");
        }

        var name = address.Trim('/') is { Length: > 0 } path ? string.Concat(path.Select(c => char.IsLetterOrDigit(c) ? c : '-')) : "home";
        await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{name}.{look.Name}.png"), FullPage = options is { FullPage: true } });
        await page.CloseAsync();
        return complaints;
    }

    private sealed record Look(string Name, ColorScheme Scheme, int Width, int Height);

    internal sealed class Options
    {
        public Uri Base { get; private set; } = new("http://localhost:5080");

        public string Folder { get; private set; } = Path.Combine("artifacts", "pictures");

        public string? SignIn { get; private set; }

        public bool All { get; private set; }

        public bool Check { get; private set; }

        public bool FullPage { get; private set; }

        public List<(string Name, string Value)> Cookies { get; } = [];

        public List<string> Keys { get; } = [];

        public List<string> Pages { get; } = [];

        public static Options Parse(string[] args)
        {
            var options = new Options();
            var rest = new Queue<string>(args);
            while (rest.TryDequeue(out var arg))
            {
                switch (arg)
                {
                    case "--base": options.Base = new(rest.Dequeue()); break;
                    case "--out": options.Folder = rest.Dequeue(); break;
                    case "--sign-in": options.SignIn = rest.Dequeue(); break;
                    case "--press": options.Keys.Add(rest.Dequeue()); break;
                    case "--all": options.All = true; break;
                    case "--check": options.Check = true; break;
                    case "--full": options.FullPage = true; break;
                    case "--cookie" when rest.Dequeue().Split('=', 2) is [var name, var value]: options.Cookies.Add((name, value)); break;
                    default: options.Pages.Add(arg); break;
                }
            }

            return options;
        }
    }
}

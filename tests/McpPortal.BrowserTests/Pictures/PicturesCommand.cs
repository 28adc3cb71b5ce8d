using Microsoft.Playwright;

namespace McpPortal.BrowserTests.Pictures;

/// <summary>
/// <c>dotnet run --project tests/McpPortal.BrowserTests -- pictures --base URL [--out DIR] [--sign-in USER] [--cookie NAME=VALUE] [--check] PAGE…</c>:
/// pictures of pages of a running portal, light, dark and narrow; with --check also axe's findings. Fails on any finding or console message.
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
        Directory.CreateDirectory(options.Folder);
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await Chromium.LaunchAsync(playwright);
        var complaints = new List<string>();
        foreach (var look in Looks)
        {
            await using var context = await browser.NewContextAsync(new()
            {
                BaseURL = options.Base.ToString(),
                ColorScheme = look.Scheme,
                ViewportSize = new() { Width = look.Width, Height = look.Height },
            });
            await EnterAsync(context, options);
            foreach (var address in options.Pages)
            {
                complaints.AddRange((await TakeAsync(context, address, look, options)).Select(complaint => $"{address} {look.Name}: {complaint}"));
            }
        }

        complaints.ForEach(Console.WriteLine);
        Console.WriteLine($"{options.Pages.Count * Looks.Length} pictures in {options.Folder}, {complaints.Count} complaints");
        return complaints.Count == 0 ? 0 : 1;
    }

    private static async Task EnterAsync(IBrowserContext context, Options options)
    {
        await context.AddCookiesAsync(options.Cookies.Select(cookie => new Cookie { Name = cookie.Name, Value = cookie.Value, Url = options.Base.ToString() }));
        if (options.SignIn is { } user)
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
    }

    private static async Task<List<string>> TakeAsync(IBrowserContext context, string address, Look look, Options options)
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
        if (options.Check)
        {
            complaints.AddRange(await Accessibility.FindingsAsync(page));
        }

        if (await page.EvaluateAsync<bool>("document.documentElement.scrollWidth > innerWidth"))
        {
            complaints.Add("wider than the window");
        }

        var name = address.Trim('/') is { Length: > 0 } path ? string.Concat(path.Select(c => char.IsLetterOrDigit(c) ? c : '-')) : "home";
        await page.ScreenshotAsync(new() { Path = Path.Combine(options.Folder, $"{name}.{look.Name}.png"), FullPage = options.FullPage });
        await page.CloseAsync();
        return complaints;
    }

    private sealed record Look(string Name, ColorScheme Scheme, int Width, int Height);

    private sealed class Options
    {
        public Uri Base { get; private set; } = new("http://localhost:5080");

        public string Folder { get; private set; } = Path.Combine("artifacts", "pictures");

        public string? SignIn { get; private set; }

        public bool Check { get; private set; }

        public bool FullPage { get; private set; }

        public List<(string Name, string Value)> Cookies { get; } = [];

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

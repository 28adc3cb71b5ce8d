using McpPortal.Hosting;
using McpPortal.Ui;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace McpPortal.Tests.Hosting;

public sealed class SecurityHeadersTests
{
    [Fact]
    public async Task A_page_is_never_stored_nor_framed_and_runs_no_inline_script()
    {
        var page = await AnswerAsync(async context =>
        {
            context.Response.ContentType = "text/html; charset=utf-8";
            context.Response.Headers.CacheControl = "public, max-age=60";
            await context.Response.WriteAsync("<p>secret</p>");
        });

        Assert.Equal("no-store", page.Headers.CacheControl!.ToString());
        var policy = Policy(page);
        Assert.Contains("default-src 'none'", policy);
        Assert.Contains("script-src 'self'", policy);
        Assert.Contains("frame-ancestors 'none'", policy);
        Assert.Contains("form-action 'self' https://id.example.org", policy);
        Assert.Equal("nosniff", page.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("same-origin", page.Headers.GetValues("Cross-Origin-Opener-Policy").Single());
    }

    [Fact]
    public async Task A_form_may_lead_to_the_targets_named_for_it_and_nowhere_else()
    {
        var page = await AnswerAsync(context =>
        {
            FormTargets.Allow(context, new("https://accounts.google.com/o/oauth2/auth?x=1;script-src%20*"));
            FormTargets.Allow(context, new("http://127.0.0.1:5090/authorize"));
            FormTargets.Allow(context, new("vscode://vscode.github-authentication/did-authenticate"));
            return Task.CompletedTask;
        });
        var other = await AnswerAsync(_ => Task.CompletedTask);

        Assert.Contains("form-action 'self' http://127.0.0.1:5090 https://accounts.google.com https://id.example.org vscode:", Policy(page));
        Assert.Contains("form-action 'self' https://id.example.org", Policy(other));
    }

    [Fact]
    public async Task Data_keeps_its_own_caching()
    {
        var answer = await AnswerAsync(context =>
        {
            context.Response.ContentType = "text/css";
            context.Response.Headers.CacheControl = "max-age=60";
            return Task.CompletedTask;
        });

        Assert.Equal(TimeSpan.FromMinutes(1), answer.Headers.CacheControl!.MaxAge);
    }

    private static string[] Policy(HttpResponseMessage answer) =>
        answer.Headers.GetValues("Content-Security-Policy").Single().Split("; ");

    private static async Task<HttpResponseMessage> AnswerAsync(RequestDelegate page)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Services.AddSingleton<FormTargets>();
        await using var app = builder.Build();
        app.UseSecurityHeaders();
        app.Run(page);
        await app.StartAsync();
        app.Services.GetRequiredService<FormTargets>().AllowAlways(new("https://id.example.org/realms/x"));
        var answer = await app.GetTestClient().GetAsync(new Uri("/", UriKind.Relative));
        await answer.Content.LoadIntoBufferAsync();
        return answer;
    }
}
